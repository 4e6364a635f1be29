import { Button, PasswordInput } from '@mantine/core';
import { useState } from 'react';
import { saveApiKey, type Access } from '../../lib/api-key';
import classes from './login-form.module.css';

/** Asks for the API key when the server wants one. The key stays in this tab's session storage. */
export function LoginForm({ access }: { access: Exclude<Access, 'open'> }) {
  const [key, setKey] = useState('');
  return (
    <form
      className={classes.form}
      data-testid="login-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (key.trim() !== '') saveApiKey(key.trim());
      }}
    >
      <h1 className={classes.title}>This server wants a key</h1>
      <PasswordInput
        label="API key"
        description="The value of WEAVER_API_KEY. It is kept in this tab only."
        value={key}
        onChange={(event) => {
          setKey(event.currentTarget.value);
        }}
        error={access === 'key-refused' ? 'The server did not accept that key.' : null}
        autoComplete="current-password"
        data-autofocus
        required
      />
      <Button type="submit">Log in</Button>
    </form>
  );
}
