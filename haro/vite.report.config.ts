import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { singleFile } from './single-file.ts';

/** The report of a backtest: beside the page, and after it, because the page's build empties the folder. */
export default defineConfig({
  root: 'report',
  base: './',
  publicDir: false,
  plugins: [react(), singleFile()],
  build: {
    outDir: '../dist',
    emptyOutDir: false,
    assetsInlineLimit: Number.MAX_SAFE_INTEGER,
    cssCodeSplit: false,
    modulePreload: { polyfill: false },
    target: 'es2023',
    // The file is handed on, so the licences of what is inside go with it.
    rolldownOptions: { input: 'report/report.html', output: { comments: { legal: true } } },
  },
});
