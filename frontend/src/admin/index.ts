// The administrator's screens.
export { default as Nav } from './Nav.svelte';
export { default as View } from './View.svelte';
