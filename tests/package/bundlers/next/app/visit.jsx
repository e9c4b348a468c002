"use client";

import init, { OssicleClient } from "ossicle";
import { useEffect, useState } from "react";
import { offer } from "../../page.js";

export function Visit() {
  const [isReady, setReady] = useState(false);
  useEffect(() => {
    offer(init, OssicleClient);
    setReady(true);
  }, []);
  return <p>{isReady ? "ready" : "rendered on the server"}</p>;
}
