export * from '../../workflows/index.js';
export { slowDown } from './slow-down.js';
