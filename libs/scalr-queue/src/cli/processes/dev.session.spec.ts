import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished, vi } from 'vitest';
import { DevSession } from './dev.session.js';
import { existingEntry } from './entry.js';
import { FileWatch } from './file.watch.js';

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'scalr-dev-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

it('says that it waits for an app that is not built yet, and ends at a signal', async () => {
  const entry = join(await folder(), 'main.js');
  const said: string[] = [];
  // The signals of this process are those of the test runner.
  const listeners: (() => void)[] = [];
  const spy = vi.spyOn(process, 'on').mockImplementation((name, listener) => {
    if (name === 'SIGTERM') listeners.push(listener as () => void);
    return process;
  });
  onTestFinished(() => spy.mockRestore());
  const running = new DevSession({ entry, watch: [], env: {}, say: (line) => said.push(line) }).run();
  await vi.waitFor(() => expect(said).toEqual([`waiting for ${entry}`]), { timeout: 10_000 });
  for (const stop of listeners) stop();
  await running;
  expect(said).toHaveLength(1);
});

it('names the file that is missing, and what to do', async () => {
  const path = join(await folder(), 'main.js');
  expect(() => existingEntry(path)).toThrow(`there is no file ${path}: build the app first`);
  await writeFile(path, '');
  expect(existingEntry(path)).toBe(path);
});

it('tells of a change when the files are still again, never while they are written', async () => {
  const path = await folder();
  const entry = join(path, 'main.js');
  const watch = new FileWatch([path], entry);
  const before = await watch.state();
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const begun = performance.now();
  const change = watch.change(before, stop.signal);
  await writeFile(join(path, 'notes.txt'), 'no code');
  await writeFile(entry, '1');
  const after = await change;
  expect(after).toContain(`${entry} `);
  expect(after).not.toContain('notes.txt');
  // Two looks, with a pause before each.
  expect(performance.now() - begun).toBeGreaterThan(300);
  const unchanged = watch.change(after!, stop.signal);
  stop.abort();
  expect(await unchanged).toBeUndefined();
});
