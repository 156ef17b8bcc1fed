import { ConsoleLogger, Logger, type LoggerService, type LogLevel } from '@nestjs/common';
import { readEnvironment } from '../config/environment.js';
import { cleanName } from './clean-text.js';
import { JsonLineLogger, NEST_ADDS_FIELDS } from './json-line.logger.js';
import { addsFieldsItself, currentJob, type JobLogFields, wantJobScope } from './job-scope.js';
import { SECRET_FIELDS } from './secret-names.js';

const METHODS: readonly (string | symbol)[] = ['log', 'error', 'warn', 'debug', 'verbose', 'fatal'];
const QUIET: LogLevel[] = ['log', 'warn', 'error', 'fatal'];
/** No log line holds a payload. */
const PAYLOAD = 'payload';
const wrapped = new WeakSet<object>();

type Write = (message: unknown, ...rest: unknown[]) => void;

/** Whether lines are for machines: in production, unless `SCALR_LOG` says otherwise. */
function wantsJson(): boolean {
  const { logFormat } = readEnvironment();
  return logFormat ? logFormat === 'json' : process.env['NODE_ENV'] === 'production';
}

/**
 * The logger of a worker: what the caller gave, else the one that is set, else one of Nest (JSON lines in production, one
 * readable line else); with the job's id on each line that is written while a handler runs.
 */
export function workerLogger(given: LoggerService | LogLevel[] | false | undefined): LoggerService | false {
  if (given === false) return false;
  wantJobScope();
  if (given !== undefined) return withJobIds(Array.isArray(given) ? consoleLogger(given) : given);
  const { staticInstanceRef: current } = Logger as unknown as { staticInstanceRef?: LoggerService };
  if (current === undefined) return false;
  const isDefault = Object.getPrototypeOf(current) === ConsoleLogger.prototype && !wrapped.has(current);
  return withJobIds(isDefault ? consoleLogger() : current);
}

function consoleLogger(logLevels?: LogLevel[]): ConsoleLogger {
  const levels = logLevels ? { logLevels } : {};
  if (!wantsJson()) return new ConsoleLogger({ ...levels, redact: [...SECRET_FIELDS, PAYLOAD] });
  const isQuiet = !logLevels && !process.env['NEST_LOG_LEVEL'];
  const JsonLogger = NEST_ADDS_FIELDS ? ConsoleLogger : JsonLineLogger;
  return new JsonLogger({
    json: true,
    flattenParams: true,
    redact: [...SECRET_FIELDS, PAYLOAD],
    ...levels,
    ...(isQuiet ? { logLevels: QUIET } : {}),
  });
}

/**
 * Whether a line of this level comes out. `Logger.isLevelEnabled` of Nest 11 denies every level until some are set, also while all
 * are written.
 */
export function isWritten(level: LogLevel): boolean {
  const { staticInstanceRef: target, logLevels } = Logger as unknown as {
    staticInstanceRef?: LoggerService;
    logLevels?: LogLevel[];
  };
  if (target === undefined) return false;
  if (target instanceof ConsoleLogger) return target.isLevelEnabled(level);
  return logLevels === undefined || Logger.isLevelEnabled(level);
}

/** Whether a plain object after the message becomes fields of the line. */
export function takesFields(logger: unknown): boolean {
  if (!(logger instanceof ConsoleLogger)) return logger !== undefined;
  if (!NEST_ADDS_FIELDS) return logger instanceof JsonLineLogger;
  return (logger as unknown as { options: { json?: boolean } }).options.json === true;
}

function withJobIds(logger: LoggerService): LoggerService {
  if (wrapped.has(logger)) return logger;
  // A proxy, so that the logger keeps its class and everything else that it can do.
  const proxy = new Proxy(logger, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target);
      if (typeof value !== 'function') return value;
      const write = value.bind(target) as Write;
      return METHODS.includes(property) ? tagging(target, write) : write;
    },
  });
  wrapped.add(proxy);
  return proxy;
}

/** Which job a line is about: its id, and what the option `logFields` names. */
function tagOf({
  jobId,
  jobName: _name,
  queue: _queue,
  attempt: _attempt,
  trace_id: _trace,
  ...carried
}: JobLogFields) {
  const more = Object.entries(carried).map(([key, value]) => ` ${cleanName(key)}=${value}`);
  return `job ${cleanName(jobId)}${more.join('')}`;
}

function tagging(logger: LoggerService, write: Write): Write {
  return (message, ...rest) => {
    const job = currentJob();
    if (!job || addsFieldsItself()) return write(message, ...rest);
    const isConsole = logger instanceof ConsoleLogger;
    if (isConsole && takesFields(logger)) return write(message, { ...job }, ...rest);
    if (typeof message === 'string') return write(`${message} [${tagOf(job)}]`, ...rest);
    return isConsole ? write(message, { jobId: job.jobId }, ...rest) : write(message, ...rest);
  };
}
