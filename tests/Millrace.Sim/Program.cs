// The verbs of the simulator's executable.
using Millrace.Sim;

return args switch
{
    ["log-writer", .. string[] rest] => LogWriter.Write(rest),
    ["log-reader", .. string[] rest] => LogWriter.Read(rest),
    ["sim", .. string[] rest] => Hunt.Run(rest),
    _ => Hunt.Run(args),
};
