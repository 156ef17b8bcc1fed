import { onStopSignal } from '../processes/stop-signals.js';

const ENTER = '\u001b[?1049h\u001b[?25l';
const LEAVE = '\u001b[?25h\u001b[?1049l';
const HOME = '\u001b[H';
const END_OF_LINE = '\u001b[K';
const END_OF_SCREEN = '\u001b[J';
const CTRL_C = '\u0003';

/**
 * The second screen of a terminal, drawn over in one write without clearing it first, so that nothing flickers. The terminal is
 * as before when it closes, also when the process is told to end or breaks.
 */
export class Screen {
  private open = true;
  private readonly unlisten: () => void;
  private readonly restore = () => this.close();

  /** @param onKey what to do with a key; `quit` for Ctrl-C and for signals */
  constructor(
    private readonly stdout: NodeJS.WriteStream,
    private readonly stdin: NodeJS.ReadStream,
    private readonly onKey: (key: string) => void,
  ) {
    stdout.write(ENTER);
    if (stdin.isTTY) {
      stdin.setRawMode(true);
      stdin.on('data', this.take).resume();
    }
    this.unlisten = onStopSignal(() => onKey('quit'));
    process.on('exit', this.restore);
  }

  get width(): number {
    return this.stdout.columns;
  }

  get height(): number {
    return this.stdout.rows;
  }

  draw(lines: readonly string[]): void {
    if (!this.open) return;
    const text = lines.map((line) => line + END_OF_LINE).join('\r\n');
    this.stdout.write(HOME + text + END_OF_SCREEN);
  }

  close(): void {
    if (!this.open) return;
    this.open = false;
    this.unlisten();
    process.off('exit', this.restore);
    if (this.stdin.isTTY) {
      this.stdin.off('data', this.take).pause();
      this.stdin.setRawMode(false);
    }
    this.stdout.write(LEAVE);
  }

  private readonly take = (data: Buffer): void => {
    const key = data.toString();
    this.onKey(key === CTRL_C ? 'quit' : key);
  };
}
