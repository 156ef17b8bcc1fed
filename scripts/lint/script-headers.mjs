// @ts-check
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

/**
 * Every Lua script has a header that says what it does, what each of its KEYS and ARGV is, and what it returns:
 *
 *     KEYS[1] the job
 *     ARGV[1] the clock
 *     ARGV[2...] names of fields
 *     Returns how many there are
 */

/** @typedef {{ single: Set<number>, from: number, isDynamic: boolean }} Places */

/** The places of KEYS or ARGV that a script reads. @param {string} lua @param {string} list @returns {Places} */
function placesIn(lua, list) {
  const single = new Set(
    [...lua.matchAll(new RegExp(`\\b${list}\\[(\\d+)`, 'g'))].map(([, at]) => Number(at)),
  );
  const unpacked = new RegExp(`local ([\\w, ]+) = unpack\\(${list}\\)`, 'g');
  for (const [, names = ''] of lua.matchAll(unpacked))
    names.split(',').forEach((_name, at) => single.add(at + 1));
  const starts = [
    ...lua.matchAll(new RegExp(`for \\w+ = (\\d+), #${list}\\b`, 'g')),
    ...lua.matchAll(new RegExp(`unpack\\(${list}, (\\d+)`, 'g')),
  ].map(([, at]) => Number(at));
  if (lua.includes(`ipairs(${list})`)) starts.push(1);
  return {
    single,
    from: Math.min(...starts, Infinity),
    isDynamic: new RegExp(`\\b${list}\\[[a-z]`).test(lua),
  };
}

/** The places that a header names. @param {string} header @param {string} list @returns {Places} */
function placesOf(header, list) {
  const named = [...header.matchAll(new RegExp(`^${list}\\[(\\d+)(\\.\\.\\.)?\\] \\S`, 'gm'))];
  const rest = named.filter(([, , dots]) => dots).map(([, at]) => Number(at));
  return {
    single: new Set(named.filter(([, , dots]) => !dots).map(([, at]) => Number(at))),
    from: Math.min(...rest, Infinity),
    isDynamic: false,
  };
}

/** What the header of one script lacks, or says of what is not there. @param {string} header @param {string} lua */
export function headerComplaints(header, lua) {
  /** @type {string[]} */
  const complaints = [];
  for (const list of ['KEYS', 'ARGV']) {
    const [read, named] = [placesIn(lua, list), placesOf(header, list)];
    for (const at of read.single)
      if (!named.single.has(at) && named.from > at) complaints.push(`does not say what ${list}[${at}] is`);
    if (read.from < named.from) complaints.push(`does not say what ${list}[${read.from}...] are`);
    for (const at of named.single)
      if (!read.single.has(at) && read.from > at && !read.isDynamic)
        complaints.push(`says what ${list}[${at}] is, which is not read`);
  }
  if (!/^Returns \S/m.test(header)) complaints.push('does not say what it returns');
  if (!/^[A-Z].*[.:,a-z]$/m.test(header.split('\n')[0] ?? '')) complaints.push('does not say what it does');
  return complaints;
}

/** The scripts of a file: their names, headers and Lua, with what other constants of the file put into it. @param {string} text */
export function scriptsIn(text) {
  const source = ts.createSourceFile('x.ts', text, ts.ScriptTarget.Latest, true);
  /** @type {Map<string, string>} */
  const lua = new Map();
  /** @type {{ name: string, header: string, lua: string }[]} */
  const scripts = [];
  for (const statement of source.statements) {
    if (!ts.isVariableStatement(statement)) continue;
    const [declaration] = statement.declarationList.declarations;
    if (!declaration?.initializer || !ts.isIdentifier(declaration.name)) continue;
    const name = declaration.name.text;
    const own = declaration.initializer.getText();
    if (!own.includes('`')) continue;
    const whole = own.replaceAll(/\$\{(\w+)\}/g, (all, other) => lua.get(other) ?? all);
    lua.set(name, whole);
    const comment = ts.getLeadingCommentRanges(text, statement.getFullStart())?.at(-1);
    const header = comment ? text.slice(comment.pos, comment.end) : '';
    const lines = header
      .split('\n')
      .map((line) => line.replace(/^\s*(?:\/\*\*|\*\/|\*) ?/, '').replace(/ ?\*\/$/, ''));
    scripts.push({
      name,
      header: lines
        .filter((line, at) => at > 0 || line)
        .join('\n')
        .trim(),
      lua: whole,
    });
  }
  const used = new Set([...text.matchAll(/\$\{(\w+)\}/g)].map(([, name]) => name));
  // A part of other scripts has no KEYS of its own to explain.
  return scripts.filter((one) => /\b(?:KEYS|ARGV)\b/.test(one.lua) && !used.has(one.name));
}

/** What is wrong with the headers of the scripts below a folder. @param {string} folder */
export function badHeaders(folder) {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !file.endsWith('.spec.ts'),
  );
  return files.flatMap((file) =>
    scriptsIn(readFileSync(join(folder, file), 'utf8')).flatMap(({ name, header, lua }) =>
      headerComplaints(header, lua).map((complaint) => `${file}: the header of ${name} ${complaint}`),
    ),
  );
}
