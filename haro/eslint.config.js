import js from '@eslint/js';
import boundaries from 'eslint-plugin-boundaries';
import reactHooks from 'eslint-plugin-react-hooks';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

const layers = (...types) => ({ to: { element: { types: { anyOf: types } } } });

export default defineConfig(
  globalIgnores(['dist', 'node_modules', 'src/lib/api-schema.ts']),
  {
    files: ['**/*.{ts,tsx}'],
    extends: [
      js.configs.recommended,
      tseslint.configs.strictTypeChecked,
      tseslint.configs.stylisticTypeChecked,
      reactHooks.configs.flat.recommended,
    ],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/consistent-type-definitions': ['error', 'interface'],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      'max-lines': ['error', { max: 200 }],
      'no-console': ['error', { allow: ['warn', 'error'] }],
      eqeqeq: ['error', 'always'],
    },
  },
  {
    // app -> features -> components -> lib; two features never know each other. A report is a page of its own.
    files: ['src/**/*.{ts,tsx}', 'report/**/*.{ts,tsx}'],
    plugins: { boundaries },
    settings: {
      'boundaries/elements': [
        { type: 'app', pattern: 'src/app' },
        { type: 'report', pattern: 'report' },
        { type: 'feature', pattern: 'src/features/*', capture: ['feature'] },
        { type: 'components', pattern: 'src/components' },
        { type: 'lib', pattern: 'src/lib' },
      ],
      'import/resolver': { node: { extensions: ['.ts', '.tsx', '.css', '.svg'] } },
    },
    rules: {
      'boundaries/dependencies': [
        'error',
        {
          default: 'disallow',
          policies: [
            { from: { element: { type: 'app' } }, allow: layers('feature', 'components', 'lib') },
            { from: { element: { type: 'feature' } }, allow: layers('components', 'lib') },
            { from: { element: { type: 'components' } }, allow: layers('lib') },
            { from: { element: { type: 'report' } }, allow: layers('lib') },
            { allow: { to: { module: { origin: 'external' } } } },
          ],
        },
      ],
    },
  },
);
