import { carPark } from "./car-park.mjs";
import { corridor } from "./corridor.mjs";
import { crossing } from "./crossing.mjs";
import { dock } from "./dock.mjs";
import { lobby } from "./lobby.mjs";
import { platform } from "./platform.mjs";
import { shop } from "./shop.mjs";
import { warehouse } from "./warehouse.mjs";
import { yard } from "./yard.mjs";

/**
 * The demo cameras in order. A scene has what never moves (`still`), how it is lit and seen (`look`), and `make(t)`:
 * the moving things and the lamps at a time within the loop of 20 seconds.
 */
export const scenes = [carPark, crossing, lobby, dock, warehouse, platform, corridor, shop, yard];
