/** Set for the parts of a stack: they end with the process that started them, however that ends. */
export const ENDS_WITH_PARENT = 'DRS_PILOT_ENDS_WITH_PARENT';

const GRACE_MS = 8_000;

/** Ends this process once its parent is gone; the channel between both breaks even when that was killed. */
export function endWithParent(): void {
  if (!isPart()) return;
  process.once('disconnect', () => {
    process.kill(process.pid, 'SIGTERM');
    setTimeout(() => process.exit(1), GRACE_MS).unref();
  });
  process.channel?.unref();
}

/** Tells the stack that this part of it works, and where. */
export function reportReady(address: string): void {
  if (isPart()) process.send?.({ ready: address });
}

const isPart = (): boolean => process.env[ENDS_WITH_PARENT] === '1' && process.channel !== undefined;
