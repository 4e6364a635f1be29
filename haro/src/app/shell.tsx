import { ActionIcon, Burger, Kbd, UnstyledButton } from '@mantine/core';
import { Link, Outlet, useLocation } from '@tanstack/react-router';
import { lazy, Suspense, useState } from 'react';
import { ConnectionBadge } from '../features/system/connection-badge';
import { HaltBanner } from '../features/system/halt-banner';
import { HaltButton } from '../features/system/halt-button';
import { LoginForm } from '../features/system/login-form';
import { ThemeSwitch } from '../features/system/theme-switch';
import { ZoneClock } from '../features/system/zone-clock';
import { ZoneSwitch } from '../features/system/zone-switch';
import { useAccess } from '../lib/api-key';
import { modifierKey } from '../lib/modifier-key';
import logo from '../assets/favicon.svg';
import { pages } from './pages';
import classes from './shell.module.css';
import { usePageKeys } from './page-keys';

const ShellDialogs = lazy(() => import('./shell-dialogs').then((module) => ({ default: module.ShellDialogs })));

export type ShellDialog = 'palette' | 'keys' | 'halt' | 'resume';

/** The frame around every page. Without access only the login form is inside. */
export function Shell() {
  const access = useAccess();
  const path = useLocation({ select: (location) => location.pathname });
  const [dialog, setDialog] = useState<ShellDialog | null>(null);
  /** Which page the menu was opened on: on another one it is closed again. */
  const [menuOn, setMenuOn] = useState<string | null>(null);
  const menuOpen = menuOn === path;
  const open = access === 'open';
  usePageKeys({
    palette: () => {
      setDialog('palette');
    },
    keys: () => {
      setDialog('keys');
    },
  });
  return (
    <>
      <a href="#content" className={classes.skip}>
        Skip to the content
      </a>
      <header className={classes.header} data-menu={menuOpen || undefined}>
        <Link to="/" className={classes.brand}>
          <img src={logo} alt="" width="24" height="24" />
          Weaver
        </Link>
        <div className={classes.state}>
          <ConnectionBadge />
          {open && (
            <HaltButton
              onHalt={() => {
                setDialog('halt');
              }}
            />
          )}
          <Burger
            size="sm"
            className={classes.burger ?? ''}
            opened={menuOpen}
            aria-label={menuOpen ? 'Close the menu' : 'Open the menu'}
            aria-expanded={menuOpen}
            aria-controls="menu"
            onClick={() => {
              setMenuOn(menuOpen ? null : path);
            }}
          />
        </div>
        <div id="menu" className={classes.menu}>
          <nav className={classes.nav} aria-label="Pages">
            {pages.map(({ to, name }) => (
              <Link
                key={to}
                to={to}
                className={classes.link}
                activeOptions={{ exact: to === '/', includeSearch: false }}
                onClick={() => {
                  setMenuOn(null);
                }}
              >
                {name}
              </Link>
            ))}
          </nav>
          <div className={classes.tools}>
            <SearchButton
              onClick={() => {
                setDialog('palette');
              }}
            />
            <ZoneClock />
            <ZoneSwitch />
            <ThemeSwitch />
            <ActionIcon
              variant="default"
              className={classes.help ?? ''}
              aria-label="Keyboard help"
              title="Keyboard help (?)"
              onClick={() => {
                setDialog('keys');
              }}
            >
              ?
            </ActionIcon>
          </div>
        </div>
      </header>
      {open && (
        <HaltBanner
          onResume={() => {
            setDialog('resume');
          }}
        />
      )}
      <main id="content" className={classes.main} tabIndex={-1}>
        {open ? <Outlet /> : <LoginForm access={access} />}
      </main>
      {open && (
        <Suspense fallback={null}>
          <ShellDialogs open={dialog} onOpen={setDialog} />
        </Suspense>
      )}
    </>
  );
}

function SearchButton({ onClick }: { onClick: () => void }) {
  return (
    <UnstyledButton className={classes.search ?? ''} onClick={onClick} title="Pages, runs and actions">
      Search <Kbd size="xs">{modifierKey}+K</Kbd>
    </UnstyledButton>
  );
}
