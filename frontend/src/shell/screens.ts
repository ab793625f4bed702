// Each role's screens are a bundle of their own: nobody downloads another role's pages.

import type { Component } from 'svelte';
import type { Role } from '../wire';

export interface Screens {
  Nav: Component;
  View: Component;
}

export const screens: Record<Role, () => Promise<Screens>> = {
  // Her first screen lies in two files; both are asked for at once.
  manager: () => Promise.all([import('../manager/index'), import('../manager/kept.svelte')]).then(([screens]) => screens),
  officer: () => import('../officer/index'),
  committee: () => import('../committee/index'),
  admin: () => import('../admin/index'),
};
