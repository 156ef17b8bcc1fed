import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PgBouncer } from '../../scripts/pgbouncer/find.mjs';
import { unprivileged } from '../../scripts/postgres/unprivileged.mjs';
import { freePort, isPortTaken } from '../../scripts/process/ports.mjs';
import { supervise } from '../../scripts/process/supervise.mjs';
import { onTestFinished } from 'vitest';
import { eventually } from './eventually.js';

/** A pooler that gives each transaction another connection, until the test is over. @returns where the database is behind it */
export async function pooled(bouncer: PgBouncer, database: { url: string }, size: number): Promise<string> {
  const url = new URL(database.url);
  const password = url.password && ` password=${url.password}`;
  const dir = await mkdtemp(join(tmpdir(), 'scalr-pgbouncer-'));
  const port = await freePort();
  const settings = join(dir, 'pgbouncer.ini');
  await writeFile(
    settings,
    `[databases]
${url.pathname.slice(1)} = host=${url.hostname} port=${url.port || '5432'} user=${url.username}${password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = ${size}
`,
  );
  // It runs as another user where this is root.
  await chmod(dir, 0o755);
  const child = await supervise({
    ...unprivileged(bouncer.path, [settings]),
    env: bouncer.env,
    marker: 'pgbouncer',
    stdout: 'inherit',
    stderr: 'pipe',
  });
  child.stderr?.resume();
  onTestFinished(async () => {
    await child.stop();
    await rm(dir, { recursive: true, force: true });
  });
  await eventually(async () => {
    if (!(await isPortTaken(port))) throw new Error('PgBouncer does not listen');
  });
  url.port = String(port);
  return url.href;
}
