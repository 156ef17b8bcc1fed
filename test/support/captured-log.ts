import type { LoggerService } from '@nestjs/common';

type Level = 'log' | 'warn' | 'error';

/** A logger for a worker that keeps what it is given. */
export function capturedLog() {
  const entries: { level: Level; text: string }[] = [];
  const keep = (level: Level) => (message: unknown) => void entries.push({ level, text: String(message) });
  const logger: LoggerService = { log: keep('log'), warn: keep('warn'), error: keep('error') };
  return {
    logger,
    lines: (level: Level) => entries.filter((entry) => entry.level === level).map(({ text }) => text),
  };
}
