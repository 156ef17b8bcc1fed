import type { Command } from 'commander';
import { readFile } from 'node:fs/promises';
import { LIBRARY_VERSION } from '../worker/library-version.js';
import { Cli } from './cli.js';
import { createProgram, runCli } from './program.js';

/** A command line whose output is kept. */
function captured() {
  const written = { out: '', err: '' };
  const to = (name: 'out' | 'err') => ({
    write: (text: string) => {
      written[name] += text;
      return true;
    },
    isTTY: false,
    columns: 80,
  });
  return { written, cli: new Cli(to('out'), to('err')) };
}

const namesOf = (command: Command): string[] =>
  command.commands.flatMap((child) => [
    child.name(),
    ...namesOf(child).map((name) => `${child.name()} ${name}`),
  ]);

it('is described in docs/cli.md, command by command', async () => {
  const page = await readFile('docs/cli.md', 'utf8');
  const program = createProgram(captured().cli);
  const lacks = (pattern: (name: string) => RegExp) => (name: string) => !pattern(name).test(page);
  const names = namesOf(program);
  expect(names.length).toBeGreaterThan(15);
  // Each has a section and a place in the table of all; those of a family are told in its section.
  const own = program.commands.map((command) => command.name());
  expect(own.filter(lacks((name) => new RegExp(`^## ${name}$`, 'm')))).toEqual([]);
  expect(own.filter(lacks((name) => new RegExp(`^\\|[^|]*\`${name}[\` ]`, 'm')))).toEqual([]);
  expect(
    names.filter(lacks((name) => new RegExp(`\`${name}\`|^\\$ scalr-queue ${name}\\b|^## ${name}$`, 'm'))),
  ).toEqual([]);
  for (const { long } of program.options) expect(page).toContain(long);
});

it('says of every command, and of everything that can be given to one, what it is for', () => {
  const commands = (parent: Command): Command[] => parent.commands.flatMap((one) => [one, ...commands(one)]);
  const all = commands(createProgram(captured().cli)).filter((command) => command.name() !== 'help');
  const undescribed = all.flatMap((command) =>
    [
      { name: 'itself', description: command.description() },
      ...command.options.map(({ long, description }) => ({ name: long, description })),
    ]
      .filter(({ description }) => !description)
      .map(({ name }) => `${command.name()}: ${name}`),
  );
  expect(undescribed).toEqual([]);
});

it('prints the users of Redis a line each', async () => {
  const { cli, written } = captured();
  expect(await runCli(['acl', '--app', 'billing'], cli)).toBe(0);
  const lines = written.out.trimEnd().split('\n');
  expect(lines.filter((line) => !line.startsWith('user '))).toEqual([]);
  expect(lines.filter((line) => line.startsWith('user billing')).length).toBeGreaterThan(1);
  expect(written.err).toContain('sha256sum');
});

it.each([
  ['--help', 0, 'out', 'Usage: scalr-queue'],
  ['--version', 0, 'out', LIBRARY_VERSION],
  ['queus', 2, 'err', "unknown command 'queus'"],
  ['queues --nope', 2, 'err', "unknown option '--nope'"],
  ['jobs --state asleep', 2, 'err', 'Allowed choices are running'],
  ['check --max-age soon', 2, 'err', "Expected a duration like '10m'."],
  ['dead list --after soon', 2, 'err', 'Expected a date'],
] as const)('ends "%s" with %i', async (line, code, where, text) => {
  const { cli, written } = captured();
  expect(await runCli(line.split(' '), cli)).toBe(code);
  expect(written[where]).toContain(text);
});

// The first command imports all of Nest.
it.each(['queues', 'check', 'acl'])(
  'says how to name the app when "%s" is told none',
  async (command) => {
    const { cli, written } = captured();
    vi.stubEnv('SCALR_APP', undefined);
    expect(await runCli([command, '--redis', 'redis://127.0.0.1:1'], cli)).toBe(2);
    vi.unstubAllEnvs();
    expect(written.err).toMatch(/^error: the app has no name: set SCALR_APP, .*--app.*\n$/);
  },
  60_000,
);

it('says in one line what a setting lacks, without its secrets', async () => {
  const { cli, written } = captured();
  expect(await runCli(['check', '--app', 'a', '--redis', 'redis://:hunter2@a b'], cli)).toBe(2);
  expect(written.err).toMatch(/^error: expected redis to be a URL.*\n$/);
  expect(written.err).not.toContain('hunter2');
});
