// @ts-check
/**
 * Makes a picture of what a command prints: `node scripts/pictures/terminal.mjs docs/images/top.png -- npx scalr-queue top --once`.
 * Colours and other ANSI signs are shown as a terminal would; the exit code does not matter.
 */
import { spawn } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { openChromium } from './chromium.mjs';

const COLOURS = ['#3b4252', '#d0525c', '#7fb069', '#d9a441', '#5e8fd0', '#a97bc4', '#4fb0ae', '#d8dee9'];
const BRIGHT = ['#6b768c', '#ee6d78', '#9bd082', '#f2c265', '#82b1f0', '#c79be0', '#74d0ce', '#ffffff'];

/** What begins every sign by which a terminal is told something. */
const ESC = String.fromCharCode(27);
const SIGN = `${ESC}\\[([0-9;?]*)([A-Za-z])`;
const ANY_SIGN = new RegExp(SIGN, 'g');
const WHOLE_SIGN = new RegExp(`^${SIGN}$`);
const NEW_SCREEN = new RegExp(`${ESC}\\[(?:2J|H${ESC}\\[J|\\?1049h)`);
const SIGN_APART = new RegExp(`(${ESC}\\[[0-9;?]*[A-Za-z])`);

/** @param {string} text output with ANSI signs @param {string} target a PNG file @param {{ title?: string }} [options] */
export async function pictureOf(text, target, { title = '' } = {}) {
  const browser = await openChromium();
  try {
    const page = await browser.newPage({ deviceScaleFactor: 2, viewport: { width: 1_600, height: 1_000 } });
    await page.setContent(`<style>
      body { margin: 0; background: transparent }
      main { display: inline-block; margin: 16px; border-radius: 10px; background: #1e222a; box-shadow: 0 4px 14px #0006 }
      header { padding: 10px 14px; color: #8b95a7; font: 13px sans-serif }
      header i { display: inline-block; width: 11px; height: 11px; margin-right: 7px; border-radius: 50%; background: #4a5263 }
      pre { margin: 0; padding: 4px 18px 18px; color: #d8dee9; font: 14px/1.35 'DejaVu Sans Mono', 'Liberation Mono', monospace }
    </style><main><header><i></i><i></i><i></i> ${escape(title)}</header><pre>${toHtml(text)}</pre></main>`);
    await page.locator('main').screenshot({ path: target, omitBackground: true });
  } finally {
    await browser.close();
  }
}

/** The last screen of an output: what was drawn over is left out. @param {string} text */
export function toHtml(text) {
  const screens = text.replaceAll('\r\n', '\n').split(NEW_SCREEN);
  const screen = screens.findLast((part) => stripped(part).trim() !== '') ?? '';
  let style = new Map();
  const parts = screen.trimEnd().split(SIGN_APART);
  return parts
    .map((part) => {
      const [sign, codes, kind] = WHOLE_SIGN.exec(part) ?? [];
      if (sign === undefined) return styled(part, style);
      if (kind === 'm') style = next(style, (codes || '0').split(';').map(Number));
      return '';
    })
    .join('');
}

/** @param {Map<string, string>} style @param {number[]} codes */
function next(style, codes) {
  const changed = new Map(style);
  for (let at = 0; at < codes.length; at += 1) {
    const code = codes[at] ?? 0;
    if (code === 0) changed.clear();
    else if (code === 1) changed.set('font-weight', 'bold');
    else if (code === 2) changed.set('opacity', '0.6');
    else if (code === 22) remove(changed, 'font-weight', 'opacity');
    else if (code === 7) changed.set('background', '#d8dee9').set('color', '#1e222a');
    else if (code === 27) remove(changed, 'background', 'color');
    else if (code >= 30 && code <= 37) changed.set('color', COLOURS[code - 30] ?? '');
    else if (code >= 90 && code <= 97) changed.set('color', BRIGHT[code - 90] ?? '');
    else if (code >= 40 && code <= 47) changed.set('background', COLOURS[code - 40] ?? '');
    else if (code === 39) changed.delete('color');
    else if (code === 49) changed.delete('background');
    else if (code === 38 || code === 48) at += codes[at + 1] === 5 ? 2 : 4;
  }
  return changed;
}

/** @param {Map<string, string>} style @param {string[]} names */
function remove(style, ...names) {
  for (const name of names) style.delete(name);
}

/** @param {string} text @param {Map<string, string>} style */
function styled(text, style) {
  if (style.size === 0 || text === '') return escape(text);
  const css = [...style].map(([name, value]) => `${name}:${value}`).join(';');
  return `<span style="${css}">${escape(text)}</span>`;
}

/** @param {string} text */
const stripped = (text) => text.replaceAll(ANY_SIGN, '');

/** @param {string} text */
const escape = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/**
 * @param {string[]} command @param {NodeJS.ProcessEnv} [base]
 * @returns {Promise<string>} all that it prints, as if on a terminal with colours
 */
export function output([command = '', ...args], base = process.env) {
  return new Promise((resolve, reject) => {
    const env = { ...base, NO_COLOR: undefined, FORCE_COLOR: '1', COLUMNS: '120', LINES: '40' };
    const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (part) => (text += part));
    child.once('error', reject).once('close', () => resolve(text));
  });
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [target, separator, ...command] = process.argv.slice(2);
  if (!target?.endsWith('.png') || separator !== '--' || command.length === 0)
    throw new Error('usage: node scripts/pictures/terminal.mjs TARGET.png -- COMMAND ARGUMENTS...');
  await pictureOf(await output(command), target, { title: command.join(' ') });
}
