import run from './app.cjs';

await run((name) => import(name));
