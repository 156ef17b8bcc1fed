import { Shell } from './shell.js';

new Shell(document.querySelector('#app')!).start();
