/** The pages of the menu, in its order. */
export const pages = [
  { to: '/', name: 'Overview' },
  { to: '/runs', name: 'Runs' },
  { to: '/sweeps', name: 'Sweeps' },
  { to: '/orders', name: 'Orders' },
  { to: '/strategies', name: 'Strategies' },
  { to: '/data', name: 'Data' },
  { to: '/system', name: 'System' },
  { to: '/new', name: 'New run' },
] as const;
