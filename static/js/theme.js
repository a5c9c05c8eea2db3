// Before the first paint: the chosen theme, that scripts run, and may ask to notify. Classic, because modules wait.
{
  const { classList, dataset } = document.documentElement;
  classList.add("js");
  if (window.Notification?.permission === "default") classList.add("askable");
  try {
    const theme = localStorage.getItem("theme");
    if (theme) dataset.theme = theme;
  } catch {
    // Storage is forbidden: the system's preference stands.
  }
}
