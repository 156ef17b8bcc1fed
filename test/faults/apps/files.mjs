import { closeSync, openSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

const ASK_EVERY = 250;

/** For that time the process has no file descriptor left, and takes every one that gets free; tells how calls ended meanwhile. */
export async function withoutFiles(ms, call) {
  const opened = [];
  const grab = () => {
    try {
      for (;;) opened.push(openSync('/dev/null'));
    } catch (error) {
      return error.code;
    }
  };
  const reason = grab();
  console.log(`no file descriptor left: ${reason}`);
  const grabbing = setInterval(grab, 1);
  const outcomes = [];
  for (const end = Date.now() + ms; Date.now() < end;) {
    outcomes.push(await call());
    await pause(ASK_EVERY);
  }
  clearInterval(grabbing);
  for (const file of opened) closeSync(file);
  return { held: opened.length, outcomes };
}
