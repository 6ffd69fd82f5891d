/** Real time passes: a bench measures it, so its clock is not one to be moved by hand. */
export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
