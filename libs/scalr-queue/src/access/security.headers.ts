import type { ServerResponse } from 'node:http';

/** What a page may have beside files of this origin, where it cannot do without. */
export interface PageNeeds {
  readonly styles: string;
  readonly images: string;
}

const SELF: PageNeeds = { styles: "'self'", images: "'self'" };

/** Scripts and data only of this origin: inline styles can fetch from nowhere else. */
const policy = ({ styles, images }: PageNeeds) =>
  [
    "default-src 'none'",
    "script-src 'self'",
    `style-src ${styles}`,
    `img-src ${images}`,
    "font-src 'self'",
    "connect-src 'self'",
    "base-uri 'self'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');

const HEADERS = {
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), geolocation=(), microphone=()',
  'X-Robots-Tag': 'noindex, nofollow',
  'Cache-Control': 'no-store',
};

/** Sets what keeps a browser from sharing a page for operators; takes back what the app's own CORS rules have allowed. */
export function secure(response: ServerResponse, needs = SELF): void {
  response.setHeader('Content-Security-Policy', policy(needs));
  for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
  for (const name of response.getHeaderNames())
    if (name.startsWith('access-control-')) response.removeHeader(name);
  response.removeHeader('X-Powered-By');
}
