import { Link, Outlet } from '@tanstack/react-router';
import { ConnectionBadge } from '../features/system/connection-badge';
import { LoginForm } from '../features/system/login-form';
import { ThemeSwitch } from '../features/system/theme-switch';
import { UtcClock } from '../features/system/utc-clock';
import { useAccess } from '../lib/api-key';
import logo from '../assets/favicon.svg';
import classes from './shell.module.css';

const pages = [
  { to: '/', name: 'Overview' },
  { to: '/runs', name: 'Runs' },
  { to: '/orders', name: 'Orders' },
  { to: '/strategies', name: 'Strategies' },
  { to: '/data', name: 'Data' },
  { to: '/system', name: 'System' },
  { to: '/new', name: 'New run' },
] as const;

/** The frame around every page. Without access only the login form is inside. */
export function Shell() {
  const access = useAccess();
  return (
    <>
      <a href="#content" className={classes.skip}>
        Skip to the content
      </a>
      <header className={classes.header}>
        <Link to="/" className={classes.brand}>
          <img src={logo} alt="" width="24" height="24" />
          Weaver
        </Link>
        <nav className={classes.nav} aria-label="Pages">
          {pages.map(({ to, name }) => (
            <Link key={to} to={to} className={classes.link} activeOptions={{ exact: to === '/', includeSearch: false }}>
              {name}
            </Link>
          ))}
        </nav>
        <div className={classes.tools}>
          <UtcClock />
          <ConnectionBadge />
          <ThemeSwitch />
        </div>
      </header>
      <main id="content" className={classes.main} tabIndex={-1}>
        {access === 'open' ? <Outlet /> : <LoginForm access={access} />}
      </main>
    </>
  );
}
