"""The mean probabilities of a simulated network, close to those of the shipped one."""

from appliance.records import Priors

PRIORS = Priors(
    all=(0.115, 0.011, 0.083, 0.261, 0.145, 0.108, 0.277),
    neutral=(0.068, 0.005, 0.057, 0.048, 0.154, 0.028, 0.640),
)
