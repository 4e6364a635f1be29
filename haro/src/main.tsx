import './app/mantine-styles';
import './app/palette.css';
import './app/page.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app/app';
import { makeQueryClient } from './app/query-client';
import { makeRouter } from './app/router';
import { warmUpLater } from './app/warm-up';

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no #root');
const router = makeRouter();
createRoot(root).render(
  <StrictMode>
    <App client={makeQueryClient()} router={router} />
  </StrictMode>,
);
warmUpLater(router);
