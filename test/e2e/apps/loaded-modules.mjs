/** Given to node with `--import`: writes each module that the process loads, by either kind of import, into the file LOADED_MODULES. */
import { appendFileSync } from 'node:fs';
import Module, { register } from 'node:module';
import { isMainThread } from 'node:worker_threads';

const note = (module) => appendFileSync(process.env['LOADED_MODULES'], `${module}\n`);

/** Called in the thread of the hooks, for ES modules. */
export async function load(url, context, next) {
  note(url);
  return next(url, context);
}

if (isMainThread) {
  register(import.meta.url);
  const compile = Module._extensions['.js'];
  Module._extensions['.js'] = (module, file) => {
    note(file);
    compile(module, file);
  };
}
