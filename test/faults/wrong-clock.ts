// Preloaded into a process of the product: its clock is wrong by WRONG_CLOCK_MS.
const wrongBy = Number(process.env.WRONG_CLOCK_MS ?? 0);
const RightDate = Date;
const rightNow = Date.now.bind(Date);

Date.now = () => rightNow() + wrongBy;
// Still the one and only Date: dates that others have made are instances of it.
globalThis.Date = new Proxy(RightDate, {
  construct: (target, moment: unknown[], made) =>
    Reflect.construct(
      target,
      moment.length === 0 ? [target.now()] : moment,
      made === globalThis.Date ? target : made,
    ) as Date,
});
