/** Says what a first visit downloads, gzipped, and fails the build when that is too much. */
import { gzipSync } from 'node:zlib';
import type { Plugin, Rolldown } from 'vite';

const limitKilobytes = 250;

export function bundleBudget(): Plugin {
  return {
    name: 'bundle-budget',
    apply: 'build',
    generateBundle: {
      order: 'post',
      handler(_, bundle) {
        const names = firstVisit(bundle);
        const bytes = [...names].reduce((sum, name) => sum + gzippedSize(bundle[name]), 0);
        const summary = `first visit: ${(bytes / 1_000).toFixed(1)} kB gzipped of at most ${limitKilobytes} kB`;
        if (bytes > limitKilobytes * 1_000) this.error(summary);
        console.warn(summary);
      },
    },
  };
}

/** The entry, what it imports at once, and their styles; not what is loaded when a page wants it. */
function firstVisit(bundle: Rolldown.OutputBundle): Set<string> {
  const found = new Set<string>();
  const visit = (name: string): void => {
    const part = bundle[name];
    if (part === undefined || found.has(name)) return;
    found.add(name);
    if (part.type !== 'chunk') return;
    part.imports.forEach(visit);
    part.viteMetadata?.importedCss.forEach(visit);
  };
  for (const part of Object.values(bundle)) if (part.type === 'chunk' && part.isEntry) visit(part.fileName);
  return found;
}

function gzippedSize(part: Rolldown.OutputChunk | Rolldown.OutputAsset | undefined): number {
  if (part === undefined) return 0;
  return gzipSync(part.type === 'chunk' ? part.code : part.source).length;
}
