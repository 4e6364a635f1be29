import { Link, Outlet } from '@tanstack/react-router';
import { ConnectionBadge } from '../features/system/connection-badge';
import { LoginForm } from '../features/system/login-form';
import { ThemeSwitch } from '../features/system/theme-switch';
import { UtcClock } from '../features/system/utc-clock';
import { useAccess } from '../lib/api-key';
import logo from '../assets/favicon.svg';
import classes from './shell.module.css';

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
          <Link to="/" className={classes.link} activeOptions={{ exact: true, includeSearch: false }}>
            Runs
          </Link>
          <Link to="/new" className={classes.link}>
            New backtest
          </Link>
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
