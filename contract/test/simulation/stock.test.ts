import { expect, it } from "vitest";
import { Stock } from "../../src/model/simulation/stock.ts";
import { aDay, aNode, aResource } from "./a-day.ts";

it("what is taken of a reservation's spare is spared no second time, and it is gone when its job starts", () => {
  const stock = new Stock(aDay(aNode(4), aResource("transcode", 4)));
  const [node] = stock.nodes as [(typeof stock.nodes)[number]];
  const spare = () => stock.pools[0]!.reservation?.spare;
  stock.reserve([{ poolId: 0, jobId: "wide", units: 2, until: null, spare: 2 }]);
  stock.take({ id: "short" }, node, [{ poolId: 0, units: 1 }]);
  expect(spare()).toBe(2);
  stock.take({ id: "long" }, node, [{ poolId: 0, units: 1, ofSpare: true }]);
  expect(spare()).toBe(1);
  stock.take({ id: "wide" }, node, [{ poolId: 0, units: 2 }]);
  expect(stock.pools[0]).toMatchObject({ reservation: null, used: 4 });
  expect(node.used).toBe(3);
});
