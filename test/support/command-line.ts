import { PassThrough, Writable } from 'node:stream';
import { onTestFinished, vi } from 'vitest';
import { Cli, type Output } from '../../libs/scalr-queue/src/cli/cli.js';
import { runCli } from '../../libs/scalr-queue/src/cli/program.js';
import { eventually } from './eventually.js';

/** The command line of an app, in this process, its output going to files. */
export function commandLine(app: string, url: string) {
  return async (args: string) => {
    const written = { out: '', err: '' };
    const to = (name: 'out' | 'err'): Output => ({
      write: (text: string | Uint8Array) => ((written[name] += String(text)), true),
      isTTY: false,
      columns: 200,
    });
    const all = [...args.split(' '), '--app', app, '--redis', url];
    const code = await runCli(all, new Cli(to('out'), to('err')));
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
  const cli = new Cli(out as never, err as never, keys as never);
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

/** Lets processes of node that this one starts run the sources as they are, which need no build then. */
export function runSources(): void {
  const hooks = new URL('run-sources.mjs', import.meta.url).href;
  vi.stubEnv('NODE_OPTIONS', `--import ${hooks}`);
  onTestFinished(() => void vi.unstubAllEnvs());
}
