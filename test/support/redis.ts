import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { inject } from 'vitest';
import { findRedisServer, type RedisBinaries } from '../../scripts/redis/find.mjs';
import { startRedisServer, type RunningRedis } from '../../scripts/redis/server.mjs';
import { eventually } from './eventually.js';

const run = promisify(execFile);

export interface RedisOptions {
  /** More redis-server arguments; they win over `--appendonly yes`, noeviction and the others. */
  args?: string[];
  /** Defaults to a free port. */
  port?: number;
  /** Defaults to a new folder, which goes away with the server. */
  dir?: string;
  /** Lines of an ACL file, such as `user app on >secret ~* &* +@all`. */
  acl?: string[];
}

/** The Redis that all tests of a run share: use own key names, and never flush it. */
export function sharedRedisUrl(): string {
  return inject('redisUrl');
}

/** A Redis of one test's own, to be killed, frozen, filled up and locked down. */
export class RedisServer implements AsyncDisposable {
  private constructor(
    private running: RunningRedis,
    private readonly binaries: RedisBinaries,
    private readonly args: string[],
    private readonly ownsDir: boolean,
  ) {}

  static async start({ args = [], port, dir, acl }: RedisOptions = {}): Promise<RedisServer> {
    const binaries = await redisBinaries();
    const home = dir ?? (await mkdtemp(join(tmpdir(), 'scalr-redis-')));
    const settings = acl ? ['--aclfile', await writeAcl(home, acl), ...args] : args;
    const ownsDir = dir === undefined;
    try {
      const running = await startRedisServer({ binaries, dir: home, port, args: settings });
      return new RedisServer(running, binaries, settings, ownsDir);
    } catch (error) {
      if (ownsDir) await rm(home, { recursive: true, force: true });
      throw error;
    }
  }

  get url(): string {
    return this.running.url;
  }

  get port(): number {
    return this.running.port;
  }

  get pid(): number {
    return this.running.pid;
  }

  get dir(): string {
    return this.running.dir;
  }

  /** SIGKILL: gone at once, nothing flushed; resolves when the process is gone. */
  async kill(): Promise<void> {
    this.running.signal('SIGKILL');
    await this.running.exited;
  }

  /** Resolves when all that it has acknowledged is in its append-only file: with a busy disk that is up to two seconds later. */
  async written(): Promise<void> {
    await eventually(async () => {
      const info = await this.cli('info', 'persistence');
      return /^aof_pending_bio_fsync:0\s*$/m.test(info) && /^aof_buffer_length:0\s*$/m.test(info);
    });
  }

  /** The same port, folder and settings again, with the data that reached the disk. */
  async restart(): Promise<void> {
    await this.running.stop();
    const { dir, port } = this.running;
    this.running = await startRedisServer({ binaries: this.binaries, dir, port, args: this.args });
  }

  /** Connections stay open and nothing answers, as behind a dead network. */
  freeze(): void {
    this.running.signal('SIGSTOP');
  }

  thaw(): void {
    this.running.signal('SIGCONT');
  }

  async stop(): Promise<void> {
    await this.running.stop();
    if (this.ownsDir) await rm(this.dir, { recursive: true, force: true });
  }

  /** Runs redis-check-aof --fix on a file of the stopped server, and says yes to its question. */
  async mendAof(file: string): Promise<void> {
    const mending = run(this.binaries.checkAof, ['--fix', file], { env: this.binaries.env });
    mending.child.stdin?.end('y\n');
    await mending;
  }

  /** Runs redis-cli against this server and returns what it prints; throws when it fails. */
  async cli(...args: string[]): Promise<string> {
    const { stdout } = await run(this.binaries.cli, ['-e', '-p', String(this.port), ...args], {
      env: this.binaries.env,
    });
    return stdout.trimEnd();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

/** `npm test` says what it found, so that not every test file has to look again. */
async function redisBinaries(): Promise<RedisBinaries> {
  const server = process.env['SCALR_TEST_REDIS_SERVER'];
  if (server) return besides(server, process.env['SCALR_TEST_REDIS_LD_PATH'] ?? '');
  const found = await findRedisServer();
  if (!found) throw new Error('this test starts its own Redis: it needs a redis-server on PATH');
  return found;
}

function besides(server: string, libraryPath: string): RedisBinaries {
  const tool = (name: string) =>
    join(dirname(server), server.endsWith('valkey-server') ? `valkey-${name}` : `redis-${name}`);
  const env = libraryPath ? { ...process.env, LD_LIBRARY_PATH: libraryPath } : { ...process.env };
  return { server, cli: tool('cli'), checkAof: tool('check-aof'), libraryPath, env };
}

async function writeAcl(dir: string, lines: string[]): Promise<string> {
  const file = join(dir, 'users.acl');
  await writeFile(file, `${lines.join('\n')}\n`);
  return file;
}
