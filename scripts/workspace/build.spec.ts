import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { buildIfNeeded } from './build.mjs';

/** A workspace whose build copies nothing much, and how often it was asked to. */
function workspace() {
  const root = mkdtempSync(join(tmpdir(), 'scalr-build-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  for (const file of ['node_modules/a', 'src/main.ts', 'src/mail/mail.ts', 'package-lock.json'])
    write(file, 'first');
  const state = { succeeds: true, built: 0 };
  const build = async () => {
    state.built++;
    write('dist/main.js', `build ${state.built}`);
    write('libs/scalr-queue/dist/index.js', `build ${state.built}`);
    return state.succeeds;
  };
  const remove = (path: string) => rmSync(join(root, path), { recursive: true });
  return { root, write, remove, state, run: () => buildIfNeeded(root, build) };
}

it('builds once, as long as nothing changes', async () => {
  const { run, state } = workspace();
  expect([await run(), await run(), await run()]).toEqual([true, true, true]);
  expect(state.built).toBe(1);
});

it.each<[string, (it: ReturnType<typeof workspace>) => void]>([
  ['a source is edited', ({ write }) => write('src/mail/mail.ts', 'other')],
  ['a source is new', ({ write }) => write('src/mail/new.ts', 'first')],
  ['a source is gone', ({ remove }) => remove('src/mail/mail.ts')],
  ['other tools are installed', ({ write }) => write('package-lock.json', 'other')],
  ['the library is edited', ({ write }) => write('libs/scalr-queue/src/index.ts', 'other')],
  ['a part of what was built is gone', ({ remove }) => remove('libs/scalr-queue/dist')],
  ['another command has built', ({ write }) => write('dist/main.js', 'built by hand')],
])('builds again when %s', async (_what, change) => {
  const it = workspace();
  await it.run();
  change(it);
  await it.run();
  await it.run();
  expect(it.state.built).toBe(2);
});

it('builds again after a build that failed, also of sources that have been built before', async () => {
  const { run, write, state } = workspace();
  await run();
  write('src/main.ts', 'broken');
  state.succeeds = false;
  expect(await run()).toBe(false);
  write('src/main.ts', 'first');
  state.succeeds = true;
  expect(await run()).toBe(true);
  expect(state.built).toBe(3);
});
