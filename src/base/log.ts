/**
 * The structured log: one JSON object a line, so that a person can read it and a script can
 * filter it. Levels are syslog's usual four. Values must be plain; secrets never get here.
 */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export type LogFields = { readonly [name: string]: string | number | boolean | undefined };

export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

/**
 * A log that hands each finished line (with its newline) to `write`, dropping levels below `least`.
 */
export function createLog(
  write: (line: string) => void,
  timestamp: () => string,
  least: LogLevel,
): Log {
  const emit = (level: LogLevel, message: string, fields: LogFields): void => {
    if (LEVELS.indexOf(level) < LEVELS.indexOf(least)) return;
    write(`${JSON.stringify({ time: timestamp(), level, message, ...fields })}\n`);
  };
  return {
    debug: (message, fields = {}) => emit('debug', message, fields),
    info: (message, fields = {}) => emit('info', message, fields),
    warn: (message, fields = {}) => emit('warn', message, fields),
    error: (message, fields = {}) => emit('error', message, fields),
  };
}
