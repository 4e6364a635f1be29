import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { bundleBudget } from './bundle-budget.ts';

const server = 'http://127.0.0.1:8000';

export default defineConfig({
  plugins: [react(), bundleBudget()],
  build: {
    // Data URIs would force a laxer content security policy on the server.
    assetsInlineLimit: 0,
    target: 'es2023',
  },
  server: {
    host: '127.0.0.1',
    proxy: { '/api': server, '/readyz': server },
  },
});
