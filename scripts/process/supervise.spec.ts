import { existsSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { eventually } from '../../test/support/eventually.js';
import { isSameProcess } from './identity.mjs';
import { readPidFile, writePidFile } from './pid-file.mjs';
import { reapLeftover } from './reap.mjs';
import { supervise, type SuperviseOptions } from './supervise.mjs';

const sleeper = "process.on('SIGTERM', () => process.exit(3)); setInterval(() => {}, 1e6); console.log('up')";
const stubborn = "process.on('SIGTERM', () => {}); setInterval(() => {}, 1e6); console.log('up')";

describe('a supervised process', () => {
  let folder: string;
  let pidFile: string;

  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'scalr-supervise-')));
    pidFile = join(folder, 'pid.json');
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  async function node(code: string, options: Partial<SuperviseOptions> = {}) {
    const child = await supervise({
      command: process.execPath,
      args: ['-e', code],
      cwd: folder,
      pidFile,
      ...options,
    });
    return { child, record: { pid: child.pid, marker: 'node', cwd: folder } };
  }

  async function isUp(child: Awaited<ReturnType<typeof supervise>>): Promise<void> {
    await new Promise((resolve) => child.stdout?.once('data', resolve));
  }

  it('hands over its output and its exit code', async () => {
    const { child } = await node("console.log('out'); process.exitCode = 7");

    expect(child.stdout && (await text(child.stdout))).toBe('out\n');
    expect(await child.exited).toMatchObject({ code: 7, signal: null });
  });

  it('is stopped with SIGTERM', async () => {
    const { child } = await node(sleeper);
    await isUp(child);

    expect(await child.stop()).toMatchObject({ code: 3 });
    expect(existsSync(pidFile)).toBe(false);
  });

  it('is killed when it does not stop in time', async () => {
    const { child } = await node(stubborn);
    await isUp(child);

    expect(await child.stop(50)).toMatchObject({ code: null, signal: 'SIGKILL' });
  });

  it('rejects a command that does not exist', async () => {
    await expect(supervise({ command: join(folder, 'nothing') })).rejects.toThrow(/cannot start .*nothing/);
  });

  it('dies with whoever asked for it, even by SIGKILL', async () => {
    const asker = `import { supervise } from ${JSON.stringify(new URL('supervise.mjs', import.meta.url).href)};
      await supervise({ command: process.execPath, args: ['-e', 'setInterval(() => {}, 1e6)'],
        cwd: ${JSON.stringify(folder)}, pidFile: ${JSON.stringify(pidFile)} });
      console.log('up');`;
    const { child } = await node('', { args: ['--input-type=module', '-e', asker], pidFile: undefined });
    await isUp(child);
    const orphan = readPidFile(pidFile);
    if (!orphan) throw new Error('no pid file');
    expect(isSameProcess(orphan)).toBe(true);

    child.signal('SIGKILL');
    await eventually(() => !isSameProcess(orphan));
  });

  it('is ended as a leftover when it and its folder are the recorded ones', async () => {
    const { child } = await node(stubborn);
    await isUp(child);

    expect(await reapLeftover(pidFile, 50)).toBe(child.pid);
    expect(await child.exited).toMatchObject({ code: null });
    expect(existsSync(pidFile)).toBe(false);
  });

  it('is left alone when its pid is in the file of something else', async () => {
    const { child, record } = await node(sleeper, { pidFile: undefined });
    await isUp(child);

    for (const other of [{ marker: 'redis-server' }, { cwd: tmpdir() }]) {
      writePidFile(pidFile, { ...record, supervisor: child.pid, ...other });
      expect(await reapLeftover(pidFile)).toBeUndefined();
    }
    expect(isSameProcess(record)).toBe(true);
    await child.stop();
  });
});
