import { PassThrough, Writable } from 'node:stream';
import { onTestFinished, vi } from 'vitest';
import { Cli, type Output } from '../../libs/scalr-queue/src/cli/cli.js';
import { runCli } from '../../libs/scalr-queue/src/cli/program.js';
import { eventually } from './eventually.js';
import { sharedRedisUrl } from './redis.js';

/** The command line of an app, in this process, its output going to files. */
export function commandLine(
  app: string,
  url: string,
  { onNote = () => undefined }: { onNote?: (line: string) => void } = {},
) {
  return async (args: string | readonly string[]) => {
    const written = { out: '', err: '' };
    const to = (name: 'out' | 'err'): Output => ({
      write: (text: string | Uint8Array) => {
        written[name] += String(text);
        if (name === 'err') onNote(String(text));
        return true;
      },
      isTTY: false,
      columns: 200,
    });
    const given = typeof args === 'string' ? args.split(' ') : args;
    const code = await runCli([...given, '--app', app, '--redis', url], new Cli(to('out'), to('err')));
    return { code, ...written };
  };
}

/** Everything that was written to it. */
class Screen extends Writable {
  readonly isTTY = true;
  columns = 200;
  rows = 40;
  text = '';

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.text += String(chunk);
    done();
  }
}

/** A command that a person runs on a terminal without colours, in this process. */
export function onTerminal(app: string, url: string, args: string) {
  vi.stubEnv('NO_COLOR', '1');
  onTestFinished(() => void vi.unstubAllEnvs());
  const [out, err] = [new Screen(), new Screen()];
  const keys = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => keys });
  const all = [...args.split(' '), '--app', app, '--redis', url];
  const cli = new Cli(out, err, keys as never);
  const ended = runCli(all, cli).then((code) => ({ code, out: out.text, err: err.text }));
  return {
    out,
    err,
    ended,
    type: (text: string) => void keys.write(text),
    /** Ctrl-D. */
    hangUp: () => void keys.end(),
    /** Waits until it has been asked this. */
    asked: (question: string) => eventually(() => expect(err.text).toContain(question)),
  };
}

/** Lets a command start workers without a build. */
export function runSources(): void {
  const hooks = new URL('run-sources.mjs', import.meta.url).href;
  vi.stubEnv('NODE_OPTIONS', `--import ${hooks}`);
  onTestFinished(() => void vi.unstubAllEnvs());
}

/** The commands of an app on the shared Redis: all they write, their JSON, and their lines with every moment and length of time as `T`. */
export function commandsOf(app: string) {
  const cli = commandLine(app, sharedRedisUrl());
  const json = async (args: string) => JSON.parse((await cli(`${args} --json`)).out) as unknown;
  const lines = async (args: string) => {
    const { code, out, err } = await cli(args);
    expect({ args, code, err }).toEqual({ args, code: 0, err: '' });
    return out
      .trimEnd()
      .split('\n')
      .map((line) =>
        line
          .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'T')
          .replaceAll(/(?<![\w-])(?:in )?\d+(?:ms|[smhd])(?: \d+[smh])?(?: ago)?(?![\w-])|\bnow\b(?!-)/g, 'T')
          .replaceAll(/ +/g, ' '),
      );
  };
  return { cli, json, lines };
}
