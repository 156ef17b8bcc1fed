import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished, vi } from 'vitest';
import { ChildGroup } from '../../libs/scalr-queue/src/cli/processes/child.process.js';
import { commandLine, runSources } from '../support/command-line.js';
import { eventually } from '../support/eventually.js';

const URL_OF_REDIS = 'redis://127.0.0.1:1';
const DONE = {
  ended: 'empty',
  completed: 3,
  failed: 2,
  dead: 0,
  handedBack: 1,
  durationMs: 1_500,
  left: [] as object[],
};

/** A folder with a script in the place of a worker, which writes down what it was told in its environment. */
async function worker(script: string) {
  runSources();
  const dir = await mkdtemp(join(tmpdir(), 'scalr-cli-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  const entry = join(dir, 'main.mjs');
  const told = join(dir, 'told');
  const tell = `import { appendFileSync, writeFileSync } from 'node:fs';
    const tell = (data) => appendFileSync(${JSON.stringify(told)}, JSON.stringify(data) + '\\n');
    const finish = (summary) => process.send({ scalrBurst: summary }, () => process.disconnect());
    tell(Object.fromEntries(Object.entries(process.env).filter(([name]) => /^SCALR_(?!TEST)|_COLOR/.test(name))));\n`;
  await writeFile(entry, tell + script);
  const heard = async () =>
    (await readFile(told, 'utf8').catch(() => ''))
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as unknown);
  return { dir, entry, heard, tell };
}

/** Sends this process the signal, as its commands see it: those of the process are for the test runner. */
function signals() {
  const listeners = new Map<string, () => void>();
  const on = vi.spyOn(process, 'on').mockImplementation((name, listener) => {
    listeners.set(String(name), listener as () => void);
    return process;
  });
  const off = vi.spyOn(process, 'off').mockImplementation((name, listener) => {
    if (listeners.get(String(name)) === listener) listeners.delete(String(name));
    return process;
  });
  onTestFinished(() => {
    on.mockRestore();
    off.mockRestore();
  });
  return { listeners, send: (name: string) => listeners.get(name)?.() };
}

const finishing = (summary: object) => `finish(${JSON.stringify(summary)});`;

describe('burst', () => {
  it('tells the worker what to do and prints what it did', async () => {
    const { entry, heard } = await worker(finishing(DONE));
    const cli = commandLine('shop', URL_OF_REDIS);
    expect(await cli(`burst ${entry}`)).toEqual({
      code: 0,
      err: '',
      out: [
        'burst            empty after 1s',
        'completed        3',
        'failed attempts  2',
        'dead             0',
        'handed back      1',
        'left             nothing',
        '',
      ].join('\n'),
    });
    expect(await heard()).toEqual([
      {
        NO_COLOR: '1',
        SCALR_APP: 'shop',
        SCALR_REDIS_URL: URL_OF_REDIS,
        SCALR_WORKER_BURST: 'true',
        SCALR_WORKER_PORT: '0',
      },
    ]);
    const all = `burst ${entry} --grace 1500 --drain-retries --timeout 1m --queue mail pdf`;
    expect(await cli(all)).toMatchObject({ code: 0 });
    expect((await heard())[1]).toMatchObject({
      SCALR_WORKER_BURST: 'grace=1500,retries,timeout=60000',
      SCALR_WORKER_QUEUES: 'mail,pdf',
    });
  });

  it('fails when a job died, and when it was not done, and says what is left', async () => {
    const left = [
      { queue: 'mail', waiting: 4, delayed: 1, running: 2, paused: false },
      { queue: 'pdf', waiting: 1, delayed: 0, running: 0, paused: true },
    ];
    const { entry } = await worker(finishing({ ...DONE, dead: 2, left }));
    const { code, out } = await commandLine('shop', URL_OF_REDIS)(`burst ${entry}`);
    expect(code).toBe(1);
    expect(out).toMatch(/^dead +2$/m);
    expect(out).toMatch(
      /^left +mail: 4 waiting, 1 delayed, 2 running; pdf \(paused\): 1 waiting, 0 delayed, 0 running$/m,
    );
    const late = await worker(finishing({ ...DONE, ended: 'timeout' }));
    expect(await commandLine('shop', URL_OF_REDIS)(`burst ${late.entry}`)).toMatchObject({
      code: 1,
      out: expect.stringMatching(/^burst +timeout after 1s\n/),
    });
  });

  it('prints the same for a machine, and keeps the output of the worker out of it', async () => {
    const { entry } = await worker(`console.log('a line of the worker'); ${finishing(DONE)}`);
    const { code, out } = await commandLine('shop', URL_OF_REDIS)(`burst ${entry} --json`);
    expect({ code, out: JSON.parse(out) }).toEqual({ code: 0, out: DONE });
  });

  it.each([
    ['process.exit(7)', 'with exit code 7'],
    ["process.kill(process.pid, 'SIGKILL')", 'by SIGKILL'],
  ])('says how a worker ended that did not tell: %s', async (script, how) => {
    const { entry } = await worker(script);
    expect(await commandLine('shop', URL_OF_REDIS)(`burst ${entry}`)).toEqual({
      code: 1,
      out: '',
      err: `error: the worker ended ${how} before its burst did\n`,
    });
  });

  it('hands a signal on, and prints what was done until then', async () => {
    const { listeners, send } = signals();
    const { entry, heard } = await worker(`process.once('SIGTERM', () => {
        tell('SIGTERM');
        ${finishing({ ...DONE, ended: 'interrupted' })}
      });
      tell('up');
      process.channel.ref();`);
    const ended = commandLine('shop', URL_OF_REDIS)(`burst ${entry}`);
    await eventually(async () => expect(await heard()).toContain('up'));
    expect([...listeners.keys()].filter((name) => name.startsWith('SIG')).toSorted()).toEqual([
      'SIGHUP',
      'SIGINT',
      'SIGTERM',
    ]);
    send('SIGINT');
    expect(await ended).toMatchObject({ code: 1, out: expect.stringMatching(/^burst +interrupted after/) });
    expect(await heard()).toContain('SIGTERM');
    expect([...listeners.keys()].filter((name) => name.startsWith('SIG'))).toEqual([]);
  });

  it('refuses what it cannot do before it starts anything', async () => {
    const { entry, heard } = await worker(finishing(DONE));
    const cli = commandLine('shop', URL_OF_REDIS);
    expect(await cli('burst nowhere.js')).toEqual({
      code: 2,
      out: '',
      err: 'error: there is no file nowhere.js: build the app first (npm run build), or name the file that calls runWorker\n',
    });
    expect(await cli(`burst ${entry} --grace soon`)).toMatchObject({
      code: 2,
      err: expect.stringMatching(/^error: expected burst\.grace to be a duration .*"soon"/),
    });
    expect(await heard()).toEqual([]);
  });
});

describe('dev', () => {
  /** The command, and what it says. */
  function start(...args: string[]) {
    const { send, listeners } = signals();
    const said: string[] = [];
    const cli = commandLine('shop', URL_OF_REDIS, { onNote: (line) => said.push(line) });
    const ended = cli(['dev', ...args]);
    onTestFinished(async () => {
      send('SIGTERM');
      send('SIGTERM');
      await ended;
    });
    return {
      said,
      send,
      ended,
      listeners,
      saying: (line: string) => eventually(() => expect(said).toContain(line)),
    };
  }

  const STAYS = `process.once('SIGTERM', () => (tell('SIGTERM'), process.exit(0)));
    setInterval(() => undefined, 1_000);
    tell('up');`;

  it('runs a worker until a signal, and starts it again when its files change', async () => {
    const { dir, entry, heard } = await worker(STAYS);
    const { said, send, ended, saying, listeners } = start(entry);
    await eventually(async () => expect(await heard()).toContain('up'));
    expect(await heard()).toEqual([
      {
        NO_COLOR: '1',
        SCALR_APP: 'shop',
        SCALR_LOG: 'text',
        SCALR_REDIS_URL: URL_OF_REDIS,
        SCALR_SHUTDOWN_TIMEOUT: '1s',
      },
      'up',
    ]);
    await writeFile(join(dir, 'other.js'), '1');
    await saying('dev: files changed, restarting the worker\n');
    await eventually(async () =>
      expect((await heard()).filter((line) => typeof line === 'string')).toEqual(['up', 'SIGTERM', 'up']),
    );
    send('SIGINT');
    expect(await ended).toMatchObject({ code: 0, out: '' });
    expect(said).toEqual([
      'dev: files changed, restarting the worker\n',
      'dev: the worker ended with exit code 0; waiting for a change\n',
      'dev: the worker ended with exit code 0\n',
    ]);
    expect([...listeners.keys()].filter((name) => name.startsWith('SIG'))).toEqual([]);
  });

  it('waits for the build to make the worker, watches other folders, and ends what it started', async () => {
    const { dir, entry, heard, tell } = await worker('');
    await rm(entry);
    const shared = join(dir, '..', `${dir.split('/').at(-1)}-shared`);
    await mkdir(shared);
    onTestFinished(() => rm(shared, { recursive: true, force: true }));
    vi.stubEnv('SCALR_LOG', 'json');
    const build = join(dir, 'build.sh');
    await writeFile(build, 'echo building; echo "two\nlines"; sleep 600');
    const { said, send, ended, saying } = start(entry, '--watch', shared, '--build', `sh ${build}`);
    await saying(`dev: waiting for ${entry}\n`);
    await saying('dev: build | lines\n');
    expect(said.filter((line) => line.includes('build'))).toEqual([
      `dev: building with: sh ${build}\n`,
      'dev: build | building\n',
      'dev: build | two\n',
      'dev: build | lines\n',
    ]);
    await writeFile(entry, tell + STAYS);
    await eventually(async () => expect(await heard()).toContain('up'));
    // What was set by hand is not set again.
    expect((await heard())[0]).toMatchObject({ SCALR_LOG: 'json', SCALR_SHUTDOWN_TIMEOUT: '1s' });
    await writeFile(join(shared, 'shared.json'), '{}');
    await saying('dev: files changed, restarting the worker\n');
    send('SIGTERM');
    await ended;
    expect(said).toContain('dev: the build ended by SIGTERM\n');
  });

  it('kills at the second signal what does not end at the first', async () => {
    const { entry, heard } = await worker(
      STAYS.replace("(tell('SIGTERM'), process.exit(0))", "tell('SIGTERM')"),
    );
    const { said, send, ended } = start(entry);
    await eventually(async () => expect(await heard()).toContain('up'));
    send('SIGINT');
    await eventually(async () => expect(await heard()).toContain('SIGTERM'));
    send('SIGINT');
    await ended;
    expect(said).toEqual(['dev: the worker ended by SIGKILL\n']);
  });
});

describe('a process that a command starts', () => {
  it('is killed with what it started when it takes too long to end', async () => {
    const lines: string[] = [];
    const child = ChildGroup.shell("trap '' TERM; sleep 600 & echo $!; wait; wait", (line) =>
      lines.push(line),
    );
    await eventually(() => expect(lines).toHaveLength(1));
    expect(child.pid).toBeGreaterThan(0);
    expect(await child.stop(100)).toEqual({ code: null, signal: 'SIGKILL' });
    await eventually(() => expect(() => process.kill(Number(lines[0]), 0)).toThrow('ESRCH'));
    // It is gone: nothing is sent to whoever has its number now.
    const kill = vi.spyOn(process, 'kill');
    onTestFinished(() => kill.mockRestore());
    child.signal('SIGTERM');
    expect(kill).not.toHaveBeenCalled();
  });

  it('hands on its last line too, and lines that come in parts or end as on Windows', async () => {
    const lines: string[] = [];
    const child = ChildGroup.shell(
      "printf 'one\\r\\ntw'; sleep 0.2; printf 'o\\n\\nthree'; printf err >&2",
      (line) => lines.push(line),
    );
    expect(await child.exited).toEqual({ code: 0, signal: null });
    expect(lines.filter((line) => line !== 'err')).toEqual(['one', 'two', '', 'three']);
    expect(lines).toContain('err');
  });
});
