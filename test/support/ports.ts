export { freePort } from '../../scripts/process/ports.mjs';
