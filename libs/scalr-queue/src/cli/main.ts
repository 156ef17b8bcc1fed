#!/usr/bin/env node
import module from 'node:module';
import { Cli } from './cli.js';
import { runCli } from './program.js';

// A node that can keep compiled code between runs answers twice as fast.
(module as { enableCompileCache?: () => unknown }).enableCompileCache?.();
// `scalr-queue jobs | head`: the reader has what it wants.
process.stdout.on('error', () => process.exit(0));

// For whoever waits, a command begins with its process.
const cli = new Cli(process.stdout, process.stderr, process.stdin, 0);
const exitCode = await runCli(process.argv.slice(2), cli);
// What a hung Redis keeps open must not keep the terminal.
process.stdout.write('', () => process.exit(exitCode));
