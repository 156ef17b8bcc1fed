import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { QueueConfigError } from '../contract/errors/configuration.errors.js';

/** The version that the dashboard is built on: it takes apart answers and routes that others may not have. */
const VERSION = '9.10.1';
const INSTALL = `npm install --save-exact @bull-board/api@${VERSION} @bull-board/express@${VERSION}`;

/** What the dashboard uses of its optional peers. */
export type BoardPackages = Awaited<ReturnType<typeof loadBoard>>;

/** @throws QueueConfigError when bull-board is not installed, or in another version */
export async function loadBoard() {
  try {
    const [{ createBullBoard }, { BullMQAdapter }, { ExpressAdapter }] = await Promise.all([
      import('@bull-board/api'),
      import('@bull-board/api/bullMQAdapter'),
      import('@bull-board/express'),
    ]);
    return { createBullBoard, BullMQAdapter, ExpressAdapter, uiBasePath: locateUi() };
  } catch (cause) {
    if (cause instanceof QueueConfigError) throw cause;
    const { code } = cause as { code?: string };
    if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND') throw cause;
    throw new QueueConfigError(`the dashboard needs bull-board, which is not installed: ${INSTALL}`, {
      cause,
    });
  }
}

/** Where the page lies; found from the package that depends on it, as strict installers want it. */
function locateUi(): string {
  // Not called `require`: the CommonJS build has that.
  const here = createRequire(import.meta.url);
  const fromExpress = createRequire(here.resolve('@bull-board/express'));
  const manifest = fromExpress.resolve('@bull-board/ui/package.json');
  const { version } = fromExpress(manifest) as { version: string };
  if (version !== VERSION)
    throw new QueueConfigError(`the dashboard needs bull-board ${VERSION}, found ${version}: ${INSTALL}`);
  return dirname(manifest);
}
