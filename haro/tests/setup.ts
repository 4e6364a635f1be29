/** What jsdom lacks, and a server that refuses every request a test did not announce. */
import '@testing-library/jest-dom/vitest';
import { cleanup, configure } from '@testing-library/react';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { origin, server } from './server';

// How long something takes says how busy the machine is, not whether the page is right.
configure({ asyncUtilTimeout: 10_000 });

if (typeof window !== 'undefined') {
  window.matchMedia = (query) =>
    Object.assign(new EventTarget(), { matches: false, media: query, onchange: null }) as MediaQueryList;
  // Everything is as large as a screen, so that a virtual table has rows in view.
  Object.defineProperties(Element.prototype, {
    clientHeight: { configurable: true, value: 800 },
    clientWidth: { configurable: true, value: 1200 },
  });
  window.scrollTo = () => undefined;
  Element.prototype.scrollIntoView = () => undefined;
  window.ResizeObserver = class {
    observe() {
      return undefined;
    }
    unobserve() {
      return undefined;
    }
    disconnect() {
      return undefined;
    }
  };
}

beforeAll(() => {
  server.listen({
    onUnhandledRequest: ({ url }, print) => {
      // Tests of the connection itself talk to a real server on a port of their own.
      if (url.startsWith(origin)) print.error();
    },
  });
});
afterEach(() => {
  cleanup();
  server.resetHandlers();
  if (typeof sessionStorage !== 'undefined') sessionStorage.clear();
});
afterAll(() => {
  server.close();
});
