// Each role's screens are a bundle of their own: nobody downloads another role's pages.

import type { Component } from 'svelte';
import type { Role } from '../wire';

export interface Screens {
  Nav: Component;
  View: Component;
}

export const screens: Record<Role, () => Promise<Screens>> = {
  manager: () => import('../manager/index'),
  officer: () => import('../officer/index'),
  committee: () => import('../committee/index'),
  admin: () => import('../admin/index'),
};
