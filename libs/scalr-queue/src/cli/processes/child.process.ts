import { type ChildProcess, spawn } from 'node:child_process';
import { stripVTControlCharacters } from 'node:util';
import { Paint } from '../output/paint.js';

const NO_COLOURS = { NO_COLOR: '1', FORCE_COLOR: undefined };

/** A child that writes where we do paints only where we would: Nest's own logger does so into files as well. */
const coloursOf = (stream: { isTTY?: boolean }) => (new Paint(stream).colours ? {} : NO_COLOURS);

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Where its output goes: as it is to the terminal, or all of it to stderr, or line by line to a function. */
export type ChildOutput = 'inherit' | 'stderr' | ((line: string) => void);

/**
 * A process in a group of its own: the Ctrl-C of a terminal reaches only us, so that it is told once, and in order, to stop;
 * and what it starts itself is reached through the group.
 */
export class ChildGroup {
  readonly exited: Promise<Exit>;
  private ended = false;

  private constructor(private readonly child: ChildProcess) {
    this.exited = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => resolve({ code, signal }));
    });
    const end = () => (this.ended = true);
    this.exited.then(end, end);
  }

  /** A script of node, which ends when this process does. */
  static node(script: string, env: Record<string, string>, output: ChildOutput): ChildGroup {
    const follow = new URL('./follow-parent.js', import.meta.url).href;
    const stdout = output === 'stderr' ? 2 : 'inherit';
    const child = spawn(process.execPath, ['--import', follow, script], {
      detached: true,
      env: { ...process.env, ...coloursOf(output === 'stderr' ? process.stderr : process.stdout), ...env },
      stdio: ['ignore', stdout, 'inherit', 'ipc'],
    });
    return new ChildGroup(child);
  }

  /** A command line of the shell. */
  static shell(command: string, onLine: (line: string) => void): ChildGroup {
    const child = spawn(command, {
      shell: true,
      detached: true,
      env: { ...process.env, ...NO_COLOURS },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    // Some paint all the same, and clear the screen: in a line of ours that is only noise.
    const onText = (line: string) => onLine(stripVTControlCharacters(line));
    for (const stream of [child.stdout, child.stderr]) splitLines(stream, onText);
    return new ChildGroup(child);
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  onMessage(listener: (message: unknown) => void): void {
    this.child.on('message', listener);
  }

  signal(name: NodeJS.Signals): void {
    if (this.ended || this.child.pid === undefined) return;
    try {
      process.kill(-this.child.pid, name);
    } catch {
      // It has just ended.
    }
  }

  /** SIGTERM, and SIGKILL after the grace; resolves when it has ended. */
  async stop(grace: number): Promise<Exit> {
    this.signal('SIGTERM');
    const timer = setTimeout(() => this.signal('SIGKILL'), grace);
    try {
      return await this.exited;
    } finally {
      clearTimeout(timer);
    }
  }
}

function splitLines(stream: NodeJS.ReadableStream, onLine: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const lines = (rest + chunk).split(/\r?\n/);
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
  });
  stream.on('end', () => {
    if (rest !== '') onLine(rest);
  });
}
