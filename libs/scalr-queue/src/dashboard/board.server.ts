import type { AppControllerRoute, AppViewRoute } from '@bull-board/api/typings/app';
import type { IncomingMessage } from 'node:http';
import type { BoardPackages } from './board.packages.js';
import { COUNTS_PATH, COUNTS_SCRIPT } from './board.counts.js';
import { limitRoute, toAnswer } from './board.routes.js';

/** Links of the page to other sites: fonts. It does well without. */
const FOREIGN_LINK = /<link\b[^>]*\bhref="(?:https?:)?\/\/[^>]*>/gi;
import { publicPath } from '../access/public.url.js';

const COUNTS_TAG = `<script defer src="${COUNTS_PATH.slice(1)}"></script>`;

interface PageResponse {
  render(name: string, params: object, done: (error: Error | null, html?: string) => void): void;
  status(code: number): PageResponse;
  type(type: string): PageResponse;
  send(body: string): void;
}

interface Routes {
  get(path: string | string[], handler: (request: IncomingMessage, response: PageResponse) => void): void;
  disable(setting: string): void;
}

/** The server of bull-board for express, with our limits on every route. */
export function defineBoardServer(
  { ExpressAdapter }: Pick<BoardPackages, 'ExpressAdapter'>,
  before: () => Promise<void>,
  publicUrl?: URL,
): BoardPackages['ExpressAdapter'] {
  return class extends ExpressAdapter {
    override setApiRoutes(routes: AppControllerRoute[]) {
      return super.setApiRoutes(routes.map((route) => limitRoute(route, before)));
    }

    /** Not the one of bull-board, which passes on the text of any error. */
    override setErrorHandler() {
      return super.setErrorHandler((error) => toAnswer(error) as never);
    }

    override setEntryRoute(page: AppViewRoute) {
      const app = this.app as unknown as Routes;
      app.disable('x-powered-by');
      app.get(COUNTS_PATH, (_request, response) => response.type('js').send(COUNTS_SCRIPT));
      app.get(page.route, (request, response) => {
        const basePath = publicPath(request, this.basePath, publicUrl);
        const { name, params } = page.handler({ basePath, uiConfig: this.uiConfig });
        response.render(name, params, (error, html = '') =>
          error
            ? response.status(500).send('')
            : response
                .type('html')
                .send(html.replace(FOREIGN_LINK, '').replace('<script defer', `${COUNTS_TAG}$&`)),
        );
      });
      return this;
    }
  };
}
