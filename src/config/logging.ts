import { NativeLogger, type Params, PinoLogger } from 'nestjs-pino';
import type { IncomingMessage } from 'node:http';
import { PinoPretty } from 'pino-pretty';
import { jobLogFields } from 'scalr-queue';

/** Never shown, wherever in the first two levels of a line they stand. */
const SECRETS = ['password', 'secret', 'token', 'apiKey', 'authorization', 'cookie', 'payload'];

/** Asked all the time, and of no interest when they answer. */
const PROBES = /^\/(health|metrics)\b/;

const environment = process.env;
const isProduction = environment['NODE_ENV'] === 'production';
const isJson = environment['SCALR_LOG'] ? environment['SCALR_LOG'] === 'json' : isProduction;

/** JSON lines in production, one readable line each on a developer's machine. Lines of a handler carry its job. */
export const logging: Params = {
  nativeLogger: { flattenParams: true },
  pinoHttp: [
    {
      level: isProduction ? 'info' : 'debug',
      formatters: { level: (level) => ({ level }) },
      mixin: jobLogFields,
      redact: { paths: SECRETS.flatMap((name) => [name, `*.${name}`]), censor: '[redacted]' },
      // Of a request the path says enough: headers, query and bodies may hold secrets.
      serializers: {
        req: ({ id, method, url }: { id: unknown; method: string; url: string }) => ({
          id,
          method,
          path: url.split('?')[0],
        }),
        res: ({ statusCode }: { statusCode: number }) => ({ statusCode }),
      },
      autoLogging: { ignore: ({ url }: IncomingMessage) => PROBES.test(url ?? '') },
    },
    ...(isJson ? [] : [readable()]),
  ] as Params['pinoHttp'],
};

/** The logger of both processes, there before the application is. */
export const appLogger = new NativeLogger(new PinoLogger(logging), logging);

function readable() {
  return PinoPretty({
    sync: true,
    hideObject: true,
    ignore: 'pid,hostname',
    translateTime: 'SYS:HH:MM:ss.l',
    // The lines that tell of a job name it themselves.
    messageFormat: (line, key) => {
      const { context, jobId, event, correlationId } = line;
      const where = typeof context === 'string' ? `[${context}] ` : '';
      const job = typeof jobId === 'string' && event === undefined ? ` [job ${jobId}]` : '';
      const request =
        job !== '' && typeof correlationId === 'string' ? ` [correlationId ${correlationId}]` : '';
      return `${where}${String(line[key])}${job}${request}`;
    },
  });
}
