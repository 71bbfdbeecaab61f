//! Rules, alerts and configurations, read by the programs that will run them.

mod golden;
