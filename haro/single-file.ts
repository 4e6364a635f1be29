/** Puts the scripts and styles of a page into the page itself: one file that opens from anywhere, without a network. */
import type { Plugin, Rolldown } from 'vite';

const limitKilobytes = 700;

export function singleFile(): Plugin {
  return {
    name: 'single-file',
    apply: 'build',
    enforce: 'post',
    generateBundle: {
      order: 'post',
      handler(_, bundle) {
        for (const page of Object.values(bundle)) {
          if (page.type !== 'asset' || !page.fileName.endsWith('.html')) continue;
          page.source = inlined(String(page.source), bundle);
          const bytes = Buffer.byteLength(page.source);
          const summary = `${page.fileName}: ${(bytes / 1_000).toFixed(0)} kB of at most ${limitKilobytes} kB`;
          if (bytes > limitKilobytes * 1_000) this.error(summary);
          console.warn(summary);
        }
        const left = Object.keys(bundle).filter((name) => !name.endsWith('.html'));
        if (left.length > 0) this.error(`not part of the one file: ${left.join(', ')}`);
      },
    },
  };
}

/** The page with every script and stylesheet of the bundle in place of its link; those are taken out of the bundle. */
export function inlined(html: string, bundle: Rolldown.OutputBundle): string {
  const take = (address: string): string => {
    const name = address.replace(/^\.?\//, '');
    const part = bundle[name];
    if (part === undefined) throw new Error(`the page asks for ${address}, which was not built`);
    Reflect.deleteProperty(bundle, name);
    return part.type === 'chunk' ? part.code : String(part.source);
  };
  return html
    .replace(
      /<script type="module"[^>]*? src="([^"]+)"[^>]*><\/script>/g,
      (_, address: string) => `<script type="module">${harmless(take(address))}</script>`,
    )
    .replace(
      /<link rel="stylesheet"[^>]*? href="([^"]+)"[^>]*>/g,
      (_, address: string) => `<style>${take(address)}</style>`,
    )
    .replace(
      /(<link rel="icon"[^>]*? href=")([^"]+\.svg)(")/g,
      (_, before: string, address: string, after: string) =>
        `${before}data:image/svg+xml;base64,${Buffer.from(take(address)).toString('base64')}${after}`,
    );
}

/** A script's text may hold what ends a script or begins a comment; inside its strings both can be written otherwise. */
function harmless(code: string): string {
  return code.replace(/<(?=\/script|!--)/gi, '\\x3C');
}
